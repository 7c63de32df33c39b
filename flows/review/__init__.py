"""What a person does, whoever asks for it: plan, approve, discard, take back, rule, decide about breaks, trace."""
