"""What other tools say of a mirror → AWS's JSON, each value with its place in the original.

resources       what CloudFormation and Terraform have in common → the objects of AWS's JSON
cloudformation  a template → resources; template_yaml reads its YAML, intrinsics its functions
terraform       a state or plan → resources: instances, their attributes, references between those of a plan, types
"""
