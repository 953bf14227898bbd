"""Everything on one machine: the server, the sandbox and a worker as child processes."""
