"""Optimal model placement and online model splitting for device-edge co-inference.

What part of a neural network should sit on the device, and when, layer by layer, should the device stop and send?
"""

import lazy_loader

__version__ = "0.1.0"

# the names and their modules stand in the stub beside this file; a module is imported when the first of its names is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
