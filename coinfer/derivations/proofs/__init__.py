"""The claims, topic by topic, each after those it rests on."""
