#!/usr/bin/perl
# An ESME over Perl's Net::SMPP: binds, submits what stands on standard input, waits for the receipts, and prints what it saw.
#
#   net_smpp.pl HOST PORT SYSTEM_ID PASSWORD SECONDS < submits.json > seen.json
#
# Input: a JSON array of objects with the fields of a submit_sm; short_message and message_payload are hexadecimal.
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

my ($host, $port, $system_id, $password, $seconds) = @ARGV;
my @submits = @{ decode_json(do { local $/; <STDIN> }) };
my %seen = (bind_status => undef, responses => {}, receipts => []);

sub hex_octets { my ($hex) = @_; return pack('H*', $hex) }

sub finish {
  print JSON::PP->new->canonical->ascii->encode(\%seen);
  exit 0;
}

$SIG{ALRM} = sub { $seen{timed_out} = JSON::PP::true; finish() };
alarm $seconds;

my ($smpp, $bound) = Net::SMPP->new_transceiver(
  $host,
  port => $port,
  system_id => $system_id,
  password => $password,
);
die "cannot connect to $host:$port\n" unless $smpp && $bound;
$seen{bind_status} = $bound->{status};
finish() if $bound->{status};

my %index_of;
for my $index (0 .. $#submits) {
  my %fields = %{ $submits[$index] };
  for my $name (qw(short_message message_payload)) {
    $fields{$name} = hex_octets($fields{$name}) if exists $fields{$name};
  }
  my $sequence = $smpp->submit_sm(async => 1, registered_delivery => 1, %fields);
  $index_of{$sequence} = $index;
}

my %waiting = map { $_ => 1 } keys %index_of;
my %expected;
while (%waiting || %expected) {
  my $pdu = $smpp->read_pdu() or die "the node closed the connection\n";
  if ($pdu->{cmd} == Net::SMPP::CMD_submit_sm_resp) {
    delete $waiting{ $pdu->{seq} };
    $seen{responses}{ $index_of{ $pdu->{seq} } } = { status => $pdu->{status}, message_id => $pdu->{message_id} };
    $expected{ $pdu->{message_id} } = 1 unless $pdu->{status};
  }
  elsif ($pdu->{cmd} == Net::SMPP::CMD_deliver_sm) {
    (my $id = $pdu->{receipted_message_id} // '') =~ s/\0+\z//;
    push @{ $seen{receipts} }, {
      receipted_message_id => $id,
      esm_class => $pdu->{esm_class},
      text => $pdu->{short_message},
    };
    $smpp->deliver_sm_resp(seq => $pdu->{seq}, message_id => '');
    delete $expected{$id};
  }
  elsif ($pdu->{cmd} == Net::SMPP::CMD_enquire_link) {
    $smpp->enquire_link_resp(seq => $pdu->{seq});
  }
}

$seen{unbind_status} = $smpp->unbind()->{status};
finish();
