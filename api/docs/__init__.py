"""/docs: what those who write tools need to know, in words, with examples that a test runs; and the pages to try addresses in."""
