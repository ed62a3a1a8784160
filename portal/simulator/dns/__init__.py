"""A DNS server on loopback that answers from the records set through /_control/dns."""
