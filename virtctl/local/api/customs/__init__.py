"""Room: kinds that CustomResourceDefinitions add. Documents in, documents and causes out."""
