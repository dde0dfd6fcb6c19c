"""Other people's tools: scapy builds the traffic of the scenarios.

scapy is GPL-2.0-only and an extra (``pip install tmrx[scapy]``): it is imported in this package alone, and late.
"""
