-- What readers are told in words: the differences of two documents, a coverage state, how to cite a revision.

