"""Files that take a processor a while to write: each in a process of its own, so that readers of pages never wait for one."""
