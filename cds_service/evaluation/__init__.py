"""From a request to determinations and cards, without Flask: where hooks, pages and commands meet."""
