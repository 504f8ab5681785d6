"""The embedded memcached: our own small server, for machines without one, in a process of its own.

It speaks memcached's text protocol and answers as version 1.6.18 does, byte for byte: the tests hold the two side by
side. It needs nothing but the standard library. Its LRU is exact, which memcached's own is not.
"""
