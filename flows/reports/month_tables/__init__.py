"""The tables of a period: the walk, the period before beside it, balances, differences, and what stands behind them."""
