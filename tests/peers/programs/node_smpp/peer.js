// node-smpp as ESME and as carrier; ../../program.py says what the lines mean.
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

let session = null; // as ESME
let server = {}; // what `serve` said
const sessions = {}; // as carrier: the newest of each mode
let ids = 0;

function say(kind, pairs) {
  const words = Object.entries(pairs).filter(([, value]) => value !== undefined);
  process.stdout.write([kind, ...words.map(([key, value]) => `${key}=${value}`)].join(' ') + '\n');
}

const hex = (value) => Buffer.from(value).toString('hex');

// The library has read the text and cut the user data header into its elements.
function described(pdu) {
  const { message, udh = [] } = pdu.short_message;
  const header = Buffer.concat(udh);
  return {
    from: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding, esm_class: pdu.esm_class,
    text: hex(message), udh: header.length ? hex([header.length, ...header]) : '',
  };
}

function common(made) {
  made.on('enquire_link', (pdu) => made.send(pdu.response()));
  made.on('unbind', (pdu) => {
    made.send(pdu.response());
    made.close();
  });
  made.on('close', () => say('closed', {}));
  made.on('error', (error) => console.error(error));
}

function answer(ref) {
  return (pdu) => say('answer', {
    ref, status: pdu.command_status, id: pdu.message_id || undefined, state: pdu.message_state,
    version: pdu.sc_interface_version, reached: pdu.broadcast_area_success,
    refused: (pdu.unsuccess_sme || []).map((one) => `${one.destination_addr}:${one.error_status_code}`).join(',') || undefined,
  });
}

function fields(a) {
  const message = Buffer.from(a.octets || '', 'hex');
  return {
    source_addr: a.from, destination_addr: a.to, dest_addr_ton: 1, dest_addr_npi: 1,
    data_coding: Number(a.coding), esm_class: Number(a.esm_class),
    ...(a.payload === '1' ? { message_payload: message } : { short_message: message }),
  };
}

const verbs = {
  bind(a) {
    session = smpp.connect({
      host: a.host, port: Number(a.port), auto_enquire_link_period: Number(a.enquire),
      ...(a.ca ? { tls: true, ca: fs.readFileSync(a.ca) } : {}),
    });
    const bound = session;
    common(bound);
    bound.on('deliver_sm', (pdu) => {
      bound.send(pdu.response());
      say('deliver', { ...described(pdu), receipted: pdu.receipted_message_id, state: pdu.message_state });
    });
    bound.on('alert_notification', (pdu) => say('alert', { from: pdu.source_addr, to: pdu.esme_addr }));
    const interface_version = Number(a.version || 0x34);
    bound[`bind_${a.mode}`]({ system_id: a.system_id, password: a.password, interface_version }, answer(a.ref));
  },
  submit(a) {
    const more = { registered_delivery: Number(a.receipt), schedule_delivery_time: a.schedule || '' };
    session.submit_sm({ ...fields(a), ...more }, answer(a.ref));
  },
  multi(a) {
    const { destination_addr, ...rest } = fields(a);
    const dest_address = destination_addr.split(',').map((to) => ({ dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: to }));
    session.submit_multi({ ...rest, dest_address }, answer(a.ref));
  },
  data(a) {
    session.data_sm({ ...fields({ ...a, payload: '1' }), registered_delivery: Number(a.receipt) }, answer(a.ref));
  },
  query(a) {
    session.query_sm({ message_id: a.id, source_addr: a.from }, answer(a.ref));
  },
  cancel(a) {
    session.cancel_sm({ message_id: a.id, source_addr: a.from, destination_addr: '' }, answer(a.ref));
  },
  replace(a) {
    session.replace_sm({
      message_id: a.id, source_addr: a.from, short_message: Buffer.from(a.octets, 'hex'), registered_delivery: 1,
    }, answer(a.ref));
  },
  broadcast(a) {
    session.broadcast_sm({
      source_addr: a.from, data_coding: Number(a.coding), message_payload: Buffer.from(a.octets, 'hex'),
      broadcast_area_identifier: [a.area], broadcast_content_type: { network: 1, content_type: 0x10 }, broadcast_rep_num: 3,
      broadcast_frequency_interval: { unit: 9, interval: 10 },
    }, answer(a.ref));
  },
  query_broadcast(a) {
    session.query_broadcast_sm({ message_id: a.id, source_addr: a.from }, answer(a.ref));
  },
  cancel_broadcast(a) {
    session.cancel_broadcast_sm({ message_id: a.id, source_addr: a.from }, answer(a.ref));
  },
  serve(a) {
    server = a;
    const pem = a.cert && fs.readFileSync(a.cert);
    smpp.createServer(pem ? { key: pem, cert: pem } : {}, accept).listen(Number(a.port), '127.0.0.1', () => say('answer', { ref: a.ref, status: 0 }));
  },
  deliver(a) {
    const tlvs = a.receipted ? { receipted_message_id: a.receipted, message_state: Number(a.state) } : {};
    sessions[a.mode].deliver_sm({ ...fields(a), ...tlvs }, answer(a.ref));
  },
  alert(a) {
    sessions[a.mode].alert_notification({ source_addr: a.from, source_addr_ton: 1, source_addr_npi: 1, esme_addr: a.to });
    say('answer', { ref: a.ref, status: 0 });
  },
  outbind(a) {
    const made = smpp.connect({ host: a.host, port: Number(a.port) });
    accept(made);
    made.outbind({ system_id: a.system_id, password: a.password });
    say('answer', { ref: a.ref, status: 0 });
  },
  unbind(a) {
    const leaving = session || sessions[a.mode];
    leaving.unbind((pdu) => {
      answer(a.ref)(pdu);
      leaving.close();
    });
  },
};

function accept(made) {
  common(made);
  broadcasts(made);
  const asking = setInterval(() => made.enquire_link(), Number(server.enquire));
  made.on('close', () => clearInterval(asking));
  for (const mode of ['transmitter', 'receiver', 'transceiver']) {
    made.on(`bind_${mode}`, (pdu) => {
      const known = pdu.password === server.password;
      const version = server.version ? { sc_interface_version: Number(server.version) } : {};
      made.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RINVPASWD, system_id: 'node-smpp', ...version }));
      sessions[mode] = made;
      say('bind', { mode, system_id: pdu.system_id });
    });
  }
  made.on('submit_sm', (pdu) => {
    const id = `n${++ids}`;
    made.send(pdu.response({ message_id: id }));
    say('submit', { id, ...described(pdu), receipt: pdu.registered_delivery });
  });
  made.on('query_sm', (pdu) => {
    made.send(pdu.response({ message_id: pdu.message_id, final_date: '260101000100000+', message_state: 2 }));
    say('query', { id: pdu.message_id, from: pdu.source_addr });
  });
  made.on('submit_multi', (pdu) => {
    const id = `n${++ids}`;
    const refused = pdu.dest_address.filter((to) => to.destination_addr.endsWith('9'));
    const unsuccess_sme = refused.map((to) => ({ ...to, error_status_code: smpp.ESME_RINVDSTADR }));
    made.send(pdu.response({ message_id: id, unsuccess_sme }));
    const to = pdu.dest_address.map((one) => one.destination_addr).join(',');
    say('multi', { id, from: pdu.source_addr, to, text: hex(pdu.short_message.message) });
  });
  made.on('cancel_sm', (pdu) => {
    made.send(pdu.response());
    say('cancel', { id: pdu.message_id, from: pdu.source_addr, to: pdu.destination_addr });
  });
  made.on('replace_sm', (pdu) => {
    made.send(pdu.response());
    say('replace', { id: pdu.message_id, from: pdu.source_addr, text: hex(pdu.short_message) });
  });
}

function broadcasts(made) {
  made.on('broadcast_sm', (pdu) => {
    const id = `n${++ids}`;
    made.send(pdu.response({ message_id: id }));
    say('broadcast', {
      id, from: pdu.source_addr, coding: pdu.data_coding, text: hex(pdu.message_payload.message),
      area: pdu.broadcast_area_identifier[0].data,
    });
  });
  made.on('query_broadcast_sm', (pdu) => {
    const area = { broadcast_area_identifier: ['Lund'], broadcast_area_success: 97 };
    made.send(pdu.response({ message_id: pdu.message_id, message_state: 1, ...area }));
    say('query_broadcast', { id: pdu.message_id, from: pdu.source_addr });
  });
  made.on('cancel_broadcast_sm', (pdu) => {
    made.send(pdu.response());
    say('cancel_broadcast', { id: pdu.message_id, from: pdu.source_addr });
  });
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [verb, ...pairs] = line.split(' ');
  verbs[verb](Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s))));
});
lines.on('close', () => process.exit(0));
