"""What the integration tests run Stead with: stock programs of others, set up in temporary folders on loopback."""
