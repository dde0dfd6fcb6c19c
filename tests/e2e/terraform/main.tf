terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}

# What the test plans: every way in which a plan refers to what it has not made yet.
variable "vni" {
  default = 5569041
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "main" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "us-east-1a"
}

resource "aws_security_group" "appliance" {
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group" "inline" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "udp"
    from_port   = 4789
    to_port     = 4789
    cidr_blocks = [aws_vpc.main.cidr_block]
  }
}

resource "aws_vpc_security_group_ingress_rule" "vxlan" {
  security_group_id = aws_security_group.appliance.id
  ip_protocol       = "udp"
  from_port         = 4789
  to_port           = 4789
  cidr_ipv4         = aws_vpc.main.cidr_block
}

resource "aws_network_interface" "source" {
  for_each    = { a = "10.0.1.10", b = "10.0.1.11" }
  subnet_id   = aws_subnet.main.id
  private_ips = [each.value]
}

resource "aws_network_interface" "appliance" {
  subnet_id       = aws_subnet.main.id
  private_ips     = ["10.0.1.99"]
  security_groups = [aws_security_group.appliance.id, aws_security_group.inline.id]
}

resource "aws_instance" "web" {
  count         = 2
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.main.id
  private_ip    = "10.0.1.2${count.index}"
}

module "filter" {
  source = "./filter"
  cidr   = aws_vpc.main.cidr_block
}

resource "aws_ec2_traffic_mirror_target" "appliance" {
  network_interface_id = aws_network_interface.appliance.id
}

resource "aws_lb" "nlb" {
  name                             = "nlb"
  internal                         = true
  load_balancer_type               = "network"
  subnets                          = [aws_subnet.main.id]
  enable_cross_zone_load_balancing = true
}
resource "aws_lb_target_group" "nlb" {
  name        = "nlb"
  port        = 4789
  protocol    = "UDP"
  vpc_id      = aws_vpc.main.id
  target_type = "ip"
}
resource "aws_lb_target_group_attachment" "nlb" {
  target_group_arn = aws_lb_target_group.nlb.arn
  target_id        = "10.0.1.50"
}
resource "aws_lb_listener" "nlb" {
  load_balancer_arn = aws_lb.nlb.arn
  port              = 4789
  protocol          = "UDP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.nlb.arn
  }
}
resource "aws_ec2_traffic_mirror_target" "nlb" {
  network_load_balancer_arn = aws_lb.nlb.arn
}

resource "aws_ec2_traffic_mirror_session" "each" {
  for_each                 = aws_network_interface.source
  description              = "source ${each.key}"
  network_interface_id     = each.value.id
  traffic_mirror_target_id = aws_ec2_traffic_mirror_target.appliance.id
  traffic_mirror_filter_id = module.filter.id
  session_number           = 1
  packet_length            = 128
  virtual_network_id       = var.vni
  tags                     = { Name = "source-${each.key}" }
}

resource "aws_ec2_traffic_mirror_session" "web" {
  count                    = 2
  network_interface_id     = aws_instance.web[count.index].primary_network_interface_id
  traffic_mirror_target_id = aws_ec2_traffic_mirror_target.nlb.id
  traffic_mirror_filter_id = module.filter.id
  session_number           = 2
}

resource "aws_vpc_endpoint" "gateway" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
  vpc_endpoint_type = "GatewayLoadBalancer"
  subnet_ids        = [aws_subnet.main.id]
}

resource "aws_ec2_traffic_mirror_target" "gateway" {
  gateway_load_balancer_endpoint_id = aws_vpc_endpoint.gateway.id
}

module "session" {
  source    = "./session"
  for_each  = { a = 1, b = 2 }
  interface = aws_network_interface.source[each.key].id
  target    = aws_ec2_traffic_mirror_target.gateway.id
  filter    = module.filter.id
  number    = 10 + each.value
}
