"""The recorder: metrics from Kafka into the store, each sample once, with rollups and retention."""
