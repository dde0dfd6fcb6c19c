"""The drop-in command: Suricata's options and suricata.yaml, run by tmrx.

    arguments ─► document (YAML, includes, --set) ─► settings ─► engine, outputs, ruleset ─► plan ─► run

Nothing below knows of it: what Suricata does otherwise than tmrx is said in the plan's settings.
"""
