"""Speed and memory of tmrx, measured against tcpdump."""
