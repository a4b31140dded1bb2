"""Devices, servers and links as they were measured or published, each number with its source and the kind of evidence for it.

`catalogue` lists them; `load_device`, `load_server` and `load_link` make parts of a scenario from them, and a scenario file may
name them instead of giving numbers. A power that was not found is asked for; a tail, a round trip or an energy a bit that was
not found counts as none, and the table shows that it is missing.
"""

from coinfer.catalogue.links import link_names, load_link
from coinfer.catalogue.listing import catalogue
from coinfer.catalogue.machines import device_names, load_device, load_server, server_names

__all__ = ["catalogue", "device_names", "link_names", "load_device", "load_link", "load_server", "server_names"]
