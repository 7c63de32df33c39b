"""What SourceIds name: extracts, and who owns which booking, sale or referral."""
