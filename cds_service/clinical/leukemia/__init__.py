"""What a chart says about an acute leukemia: lineage, markers, response, transplants."""
