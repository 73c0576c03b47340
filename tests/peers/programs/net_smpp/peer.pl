#!/usr/bin/perl
# Perl's Net::SMPP as ESME and as carrier; ../../program.py says what the lines mean.
use strict;
use warnings;
use Encode qw(decode encode);
use IO::Select;
use Net::SMPP;
use Time::HiRes qw(time);

$| = 1;
my ($RINVPASWD, $RINVDSTADR) = (0x0E, 0x0B);
my $ready = IO::Select->new(\*STDIN);
my $input = '';
my ($listener, $server);  # as carrier; what `serve` said
my %of;                   # of each connection: what is known about it, by file number
my %newest;               # the connection that bound last, by mode; as ESME the one there is
my $ids = 0;

sub say_line {
  my ($kind, %pairs) = @_;
  print join(' ', $kind, map { "$_=$pairs{$_}" } grep { defined $pairs{$_} } sort keys %pairs), "\n";
}

sub answer { my ($ref, $status, %more) = @_; say_line('answer', ref => $ref, status => $status, %more) }

# Keeps a connection: it is listened to, and asks after `enquire` milliseconds of silence.
sub keep {
  my ($smpp, $enquire) = @_;
  $ready->add($smpp);
  $of{ fileno $smpp } = { smpp => $smpp, refs => {}, enquire => ($enquire || 0) / 1000, heard => time };
  return;
}

sub drop {
  my ($smpp) = @_;
  $ready->remove($smpp);
  delete $of{ fileno $smpp };
  close $smpp;
  say_line('closed');
  return;
}

sub described {
  my ($kind, $pdu, %more) = @_;
  my $octets = $pdu->{short_message};
  my $header = $pdu->{esm_class} & 0x40 ? substr($octets, 0, 1 + ord $octets, '') : '';
  my $text = decode($pdu->{data_coding} == 8 ? 'UTF-16BE' : 'ISO-8859-1', $octets);
  say_line($kind,
    from => $pdu->{source_addr}, to => $pdu->{destination_addr}, coding => $pdu->{data_coding}, esm_class => $pdu->{esm_class},
    text => unpack('H*', encode('UTF-8', $text)), udh => unpack('H*', $header), %more);
  return;
}

sub fields {
  my ($a) = @_;
  return (
    source_addr => $a->{from}, destination_addr => $a->{to}, dest_addr_ton => 1, dest_addr_npi => 1,
    data_coding => $a->{coding}, esm_class => $a->{esm_class}, async => 1,
    ($a->{payload} ? 'message_payload' : 'short_message') => pack('H*', $a->{octets}),
  );
}

# Sends an ESME's request.
sub asked {
  my ($a, $command, @fields) = @_;
  my $sequence = $newest{esme}->$command(@fields);
  $of{ fileno $newest{esme} }{refs}{$sequence} = $a->{ref};
  return;
}

my %verbs = (
  bind => sub {
    my ($a) = @_;
    my $smpp = Net::SMPP->new_connect($a->{host}, port => $a->{port}, system_id => $a->{system_id}, password => $a->{password}) or die;
    my $bind = "bind_$a->{mode}";
    my $response = $smpp->$bind(interface_version => $a->{version} // 0x34);
    my $status = $response->{status};
    if ($status) { close $smpp }
    else { keep($smpp, $a->{enquire}); $newest{esme} = $smpp }
    my $version = $response->{sc_interface_version};
    answer($a->{ref}, $status, version => defined $version ? ord $version : undef);
  },
  submit => sub {
    my ($a) = @_;
    asked($a, submit_sm => fields($a), registered_delivery => $a->{receipt}, schedule_delivery_time => $a->{schedule} // '');
  },
  multi => sub {
    my ($a) = @_;
    my @to = split /,/, $a->{to};
    my @ones = (1) x @to;
    my $dests = { %$a, to => \@to };
    asked($a, submit_multi => fields($dests), dest_flag => \@ones, dest_addr_ton => \@ones, dest_addr_npi => \@ones);
  },
  data => sub {
    my ($a) = @_;
    asked($a, data_sm => fields({ %$a, payload => 1 }), registered_delivery => $a->{receipt});
  },
  query => sub { my ($a) = @_; asked($a, query_sm => message_id => $a->{id}, source_addr => $a->{from}, async => 1) },
  cancel => sub {
    my ($a) = @_;
    asked($a, cancel_sm => message_id => $a->{id}, source_addr => $a->{from}, destination_addr => '', async => 1);
  },
  replace => sub {
    my ($a) = @_;
    my $text = pack('H*', $a->{octets});
    asked($a, replace_sm => message_id => $a->{id}, source_addr => $a->{from}, short_message => $text,
      registered_delivery => 1, async => 1);
  },
  serve => sub {
    my ($a) = @_;
    $server = $a;
    $listener = Net::SMPP->new_listen('127.0.0.1', port => $a->{port}) or die;
    $ready->add($listener);
    answer($a->{ref}, 0);
  },
  deliver => sub {
    my ($a) = @_;
    my @tlvs = defined $a->{receipted} ? (receipted_message_id => "$a->{receipted}\0", message_state => chr $a->{state}) : ();
    my $smpp = $newest{ $a->{mode} };
    $of{ fileno $smpp }{refs}{ $smpp->deliver_sm(fields($a), @tlvs) } = $a->{ref};
  },
  alert => sub {
    my ($a) = @_;
    $newest{ $a->{mode} }->alert_notification(source_addr => $a->{from}, source_addr_ton => 1, source_addr_npi => 1,
      esme_addr => $a->{to}, async => 1);
    answer($a->{ref}, 0);
  },
  outbind => sub {
    my ($a) = @_;
    my $smpp = Net::SMPP->new_connect($a->{host}, port => $a->{port}) or die;
    keep($smpp, $server->{enquire});
    $smpp->outbind(system_id => $a->{system_id}, password => $a->{password});
    answer($a->{ref}, 0);
  },
  unbind => sub {
    my ($a) = @_;
    my $smpp = $newest{ $a->{mode} // 'esme' };
    $of{ fileno $smpp }{refs}{ $smpp->unbind(async => 1) } = $a->{ref};
  },
);

# What the other side sends.
sub received {
  my ($smpp) = @_;
  my $pdu = $smpp->read_pdu() or return drop($smpp);
  my $known = $of{ fileno $smpp };
  $known->{heard} = time;
  my ($command, $sequence) = ($pdu->{cmd}, $pdu->{seq});
  if ($command & 0x80000000) {
    my $ref = delete $known->{refs}{$sequence};
    my $id = $pdu->{message_id};
    my $numbers = $pdu->{destination_addr} // [];
    my @refused = map { "$numbers->[$_]:$pdu->{error_status_code}[$_]" } ref $numbers ? 0 .. $#$numbers : ();
    my %more = (state => $pdu->{message_state}, refused => @refused ? join(',', @refused) : undef);
    answer($ref, $pdu->{status}, id => defined $id && $id ne '' ? $id : undef, %more) if defined $ref;
    drop($smpp) if $command == Net::SMPP::CMD_unbind_resp;
  }
  elsif ($command == Net::SMPP::CMD_enquire_link) { $smpp->enquire_link_resp(seq => $sequence) }
  elsif ($command == Net::SMPP::CMD_unbind) { $smpp->unbind_resp(seq => $sequence); drop($smpp) }
  elsif ($command == Net::SMPP::CMD_deliver_sm) {
    $smpp->deliver_sm_resp(seq => $sequence, message_id => '');
    (my $receipted = $pdu->{receipted_message_id} // '') =~ s/\0+\z//;
    my $state = defined $pdu->{message_state} ? ord $pdu->{message_state} : undef;
    described('deliver', $pdu, receipted => $receipted eq '' ? undef : $receipted, state => $state);
  }
  elsif ($command == Net::SMPP::CMD_submit_sm) {
    my $id = 'p' . ++$ids;
    $smpp->submit_sm_resp(seq => $sequence, message_id => $id);
    described('submit', $pdu, id => $id, receipt => $pdu->{registered_delivery});
  }
  elsif ($command == Net::SMPP::CMD_query_sm) {
    my $id = $pdu->{message_id};
    $smpp->query_sm_resp(seq => $sequence, message_id => $id, final_date => '260101000100000+', message_state => 2, error_code => 0);
    say_line('query', id => $id, from => $pdu->{source_addr});
  }
  elsif ($command == Net::SMPP::CMD_submit_multi) {
    my $id = 'p' . ++$ids;
    my @to = @{ $pdu->{destination_addr} };
    my @refused = grep { /9\z/ } @to;
    $smpp->submit_multi_resp(seq => $sequence, message_id => $id, destination_addr => [@refused],
      error_status_code => [($RINVDSTADR) x @to]);
    say_line('multi', id => $id, from => $pdu->{source_addr}, to => join(',', @to), text => unpack('H*', $pdu->{short_message}));
  }
  elsif ($command == Net::SMPP::CMD_cancel_sm) {
    $smpp->cancel_sm_resp(seq => $sequence);
    say_line('cancel', id => $pdu->{message_id}, from => $pdu->{source_addr}, to => $pdu->{destination_addr});
  }
  elsif ($command == Net::SMPP::CMD_replace_sm) {
    $smpp->replace_sm_resp(seq => $sequence);
    say_line('replace', id => $pdu->{message_id}, from => $pdu->{source_addr}, text => unpack('H*', $pdu->{short_message}));
  }
  else { greeted($smpp, $pdu) }
  return;
}

sub greeted {
  my ($smpp, $pdu) = @_;
  my %modes = (
    Net::SMPP::CMD_bind_transmitter, 'transmitter', Net::SMPP::CMD_bind_receiver, 'receiver',
    Net::SMPP::CMD_bind_transceiver, 'transceiver',
  );
  my $mode = $modes{ $pdu->{cmd} } or return;
  my $response = "bind_${mode}_resp";
  my $status = $pdu->{password} eq $server->{password} ? 0 : $RINVPASWD;
  my @version = defined $server->{version} ? (sc_interface_version => chr $server->{version}) : ();
  $smpp->$response(seq => $pdu->{seq}, status => $status, system_id => 'net-smpp', @version);
  $newest{$mode} = $smpp;
  say_line('bind', mode => $mode, system_id => $pdu->{system_id});
  return;
}

sub commanded {
  sysread(STDIN, $input, 65536, length $input) or exit 0;
  while ($input =~ s/\A(.*)\n//) {
    my ($verb, @pairs) = split ' ', $1;
    $verbs{$verb}->({ map { split /=/, $_, 2 } @pairs });
  }
  return;
}

while (1) {
  for my $handle ($ready->can_read(0.05)) {
    if ($handle == \*STDIN) { commanded() }
    elsif (defined $listener && $handle == $listener) { keep(scalar $listener->accept, $server->{enquire}) }
    else { received($handle) }
  }
  for my $known (values %of) {
    next if !$known->{enquire} || time - $known->{heard} < $known->{enquire};
    $known->{heard} = time;
    $known->{smpp}->enquire_link(async => 1);
  }
}
