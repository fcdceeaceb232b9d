"""What the program costs: each module measures one thing and prints it. docs/performance.md tells what was found."""
