"""What the samples and the tests run Stead with: stock servers and clients, set up in temporary folders on loopback."""
