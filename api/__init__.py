"""HTTP and the command line: a request becomes a document, variables and a format; an answer becomes bytes."""
