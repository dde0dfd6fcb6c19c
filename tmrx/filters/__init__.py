"""What is taken in (`-f`, pcap-filter syntax) and what is shown (`-Y`, on columns): expressions into parts of the plan.

Pure but for libpcap, which may ask the resolver for a host's name.
"""
