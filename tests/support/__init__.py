"""What only the tests need besides samples/support: other KDCs, captures, readers of PACs and of KDC messages, a clock."""
