variable "interface" {}
variable "target" {}
variable "filter" {}
variable "number" {}

resource "aws_ec2_traffic_mirror_session" "this" {
  network_interface_id     = var.interface
  traffic_mirror_target_id = var.target
  traffic_mirror_filter_id = var.filter
  session_number           = var.number
}
