"""The report for an accountant's binder: two pages as PDF, and a CSV file for each of its tables."""
