"""Read files: one module per format, told apart by content; intake and reference data both read with them."""
