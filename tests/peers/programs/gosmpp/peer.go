// gosmpp as ESME, by its sessions, and as carrier, by its PDUs; ../../program.py says what the lines mean.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

type values map[string]string

const (
	patience         = 30 * time.Second
	interfaceVersion = pdu.Tag(0x0210) // sc_interface_version, which the library has no name for
)

var (
	lock     sync.Mutex
	asked    = map[int32]string{}              // the ref of each request that waits for its response, by sequence number
	sessions = map[string]*gosmpp.Connection{} // as carrier: the newest of each mode
	session  *gosmpp.Session                   // as ESME
	ids      int
)

func say(words ...string) {
	lock.Lock()
	defer lock.Unlock()
	fmt.Println(strings.Join(words, " "))
}

func pair(key string, value any) string { return fmt.Sprintf("%s=%v", key, value) }

func answer(ref string, status data.CommandStatusType, more ...string) {
	say(append([]string{"answer", pair("ref", ref), pair("status", int32(status))}, more...)...)
}

func number(text string) int {
	value, _ := strconv.Atoi(text)
	return value
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// expect notes whose answer the response to a request is.
func expect(request pdu.PDU, ref string) {
	lock.Lock()
	defer lock.Unlock()
	asked[request.GetSequenceNumber()] = ref
}

// responded prints the answer that a response is.
func responded(response pdu.PDU, more ...string) {
	lock.Lock()
	ref, known := asked[response.GetSequenceNumber()]
	delete(asked, response.GetSequenceNumber())
	lock.Unlock()
	if known {
		answer(ref, response.GetHeader().CommandStatus, more...)
	}
}

// described is what the library makes of a short message. It knows no name for some codings and drops those.
func described(kind string, from, to pdu.Address, esmClass byte, message pdu.ShortMessage, more ...string) {
	text, err := message.GetMessage()
	must(err)
	header := ""
	if udh := message.UDH(); udh.UDHL() > 0 {
		octets, err := udh.MarshalBinary()
		must(err)
		header = hex.EncodeToString(octets)
	}
	words := []string{kind, pair("from", from.Address()), pair("to", to.Address()), pair("esm_class", esmClass)}
	words = append(words, pair("text", hex.EncodeToString([]byte(text))), pair("udh", header))
	if encoding := message.Encoding(); encoding != nil {
		words = append(words, pair("coding", encoding.DataCoding()))
	}
	say(append(words, more...)...)
}

func address(text string, ton, npi byte) pdu.Address {
	made, err := pdu.NewAddressWithTonNpiAddr(ton, npi, text)
	must(err)
	return made
}

func fill(a values, request pdu.PDU, message *pdu.ShortMessage) {
	octets, err := hex.DecodeString(a["octets"])
	must(err)
	coding := data.NewCustomEncoding(byte(number(a["coding"])), data.GSM7BIT)
	if a["payload"] == "1" {
		request.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessagePayload, Data: octets})
		octets = nil
	}
	must(message.SetMessageDataWithEncoding(octets, coding))
}

func bind(a values) {
	connect := map[string]func(gosmpp.Dialer, gosmpp.Auth) gosmpp.Connector{
		"transmitter": gosmpp.TXConnector,
		"receiver":    func(d gosmpp.Dialer, auth gosmpp.Auth) gosmpp.Connector { return gosmpp.RXConnector(d, auth) },
		"transceiver": func(d gosmpp.Dialer, auth gosmpp.Auth) gosmpp.Connector { return gosmpp.TRXConnector(d, auth) },
	}[a["mode"]]
	auth := gosmpp.Auth{SMSC: a["host"] + ":" + a["port"], SystemID: a["system_id"], Password: a["password"]}
	connector := connect(dialer(a), auth)
	versioned := &versionConnector{Connector: connector, dial: dialer(a), auth: auth, version: byte(number(a["version"]))}
	if a["version"] != "" {
		connector = versioned
	}
	settings := gosmpp.Settings{
		EnquireLink:  time.Duration(number(a["enquire"])) * time.Millisecond,
		ReadTimeout:  patience,
		WriteTimeout: patience,
		OnPDU:        received,
		OnClosed:     func(gosmpp.State) { say("closed") },
	}
	made, err := gosmpp.NewSession(connector, settings, 0)
	var refusal gosmpp.BindError
	switch {
	case err == nil:
		session = made
		answer(a["ref"], data.ESME_ROK, versioned.said...)
	case errors.As(err, &refusal):
		answer(a["ref"], refusal.CommandStatus)
	default:
		panic(err)
	}
}

func dialer(a values) gosmpp.Dialer {
	if a["ca"] == "" {
		return gosmpp.NonTLSDialer
	}
	authority, err := os.ReadFile(a["ca"])
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return func(address string) (net.Conn, error) { return tls.Dial("tcp", address, &tls.Config{RootCAs: roots}) }
}

// versionConnector binds in another version than the library's own connectors, which know 3.4 only.
type versionConnector struct {
	gosmpp.Connector
	dial    gosmpp.Dialer
	auth    gosmpp.Auth
	version byte
	said    []string
}

func (c *versionConnector) Connect() (*gosmpp.Connection, error) {
	socket, err := c.dial(c.auth.SMSC)
	if err != nil {
		return nil, err
	}
	connection := gosmpp.NewConnection(socket)
	request := pdu.NewBindRequest(c.GetBindType())
	request.SystemID, request.Password, request.InterfaceVersion = c.auth.SystemID, c.auth.Password, c.version
	write(connection, request)
	p, err := pdu.Parse(connection)
	if err != nil {
		return nil, err
	}
	response := p.(*pdu.BindResp)
	if response.CommandStatus != data.ESME_ROK {
		return nil, gosmpp.BindError{CommandStatus: response.CommandStatus}
	}
	if version, ok := response.OptionalParameters[interfaceVersion]; ok {
		c.said = []string{pair("version", version.Data[0])}
	}
	return connection, nil
}

// received is what an ESME gets that the library does not deal with itself.
func received(p pdu.PDU, _ bool) {
	switch p := p.(type) {
	case *pdu.SubmitSMResp:
		responded(p, pair("id", p.MessageID))
	case *pdu.SubmitMultiResp:
		refused := []string{}
		for _, one := range p.UnsuccessSMEs.Get() {
			refused = append(refused, fmt.Sprintf("%s:%d", one.Address.Address(), one.ErrorStatusCode()))
		}
		responded(p, pair("id", p.MessageID), pair("refused", strings.Join(refused, ",")))
	case *pdu.DataSMResp:
		responded(p, pair("id", p.MessageID))
	case *pdu.QuerySMResp:
		responded(p, pair("state", p.MessageState))
	case *pdu.CancelSMResp, *pdu.ReplaceSMResp:
		responded(p)
	case *pdu.DeliverSM:
		var more []string
		if receipted, ok := p.OptionalParameters[pdu.TagReceiptedMessageID]; ok {
			more = append(more, pair("receipted", receipted.String()))
		}
		if state, ok := p.OptionalParameters[pdu.TagMessageStateOption]; ok {
			more = append(more, pair("state", state.Data[0]))
		}
		described("deliver", p.SourceAddr, p.DestAddr, p.EsmClass, p.Message, more...)
	}
}

func submit(a values) {
	sm := pdu.NewSubmitSM().(*pdu.SubmitSM)
	sm.SourceAddr, sm.DestAddr = address(a["from"], 0, 0), address(a["to"], 1, 1)
	sm.EsmClass, sm.RegisteredDelivery = byte(number(a["esm_class"])), byte(number(a["receipt"]))
	sm.ScheduleDeliveryTime = a["schedule"]
	fill(a, sm, &sm.Message)
	submitted(a, sm)
}

// submitted sends an ESME's request.
func submitted(a values, request pdu.PDU) {
	expect(request, a["ref"])
	must(session.Transceiver().Submit(request))
}

func multi(a values) {
	sm := pdu.NewSubmitMulti().(*pdu.SubmitMulti)
	sm.SourceAddr, sm.EsmClass = address(a["from"], 0, 0), byte(number(a["esm_class"]))
	for _, to := range strings.Split(a["to"], ",") {
		one := pdu.NewDestinationAddress()
		one.SetAddress(address(to, 1, 1))
		sm.DestAddrs.Add(one)
	}
	fill(a, sm, &sm.Message)
	submitted(a, sm)
}

func dataSM(a values) {
	sm := pdu.NewDataSM().(*pdu.DataSM)
	sm.SourceAddr, sm.DestAddr = address(a["from"], 0, 0), address(a["to"], 1, 1)
	sm.EsmClass, sm.DataCoding = byte(number(a["esm_class"])), byte(number(a["coding"]))
	sm.RegisteredDelivery = byte(number(a["receipt"]))
	octets, err := hex.DecodeString(a["octets"])
	must(err)
	sm.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessagePayload, Data: octets})
	submitted(a, sm)
}

func query(a values) {
	sm := pdu.NewQuerySM().(*pdu.QuerySM)
	sm.AssignSequenceNumber() // the library leaves that out, of this one only
	sm.MessageID, sm.SourceAddr = a["id"], address(a["from"], 0, 0)
	submitted(a, sm)
}

func cancel(a values) {
	sm := pdu.NewCancelSM().(*pdu.CancelSM)
	sm.MessageID, sm.SourceAddr = a["id"], address(a["from"], 0, 0)
	submitted(a, sm)
}

func replace(a values) {
	sm := pdu.NewReplaceSM().(*pdu.ReplaceSM)
	sm.MessageID, sm.SourceAddr, sm.RegisteredDelivery = a["id"], address(a["from"], 0, 0), 1
	octets, err := hex.DecodeString(a["octets"])
	must(err)
	must(sm.Message.SetMessageDataWithEncoding(octets, data.GSM7BIT))
	submitted(a, sm)
}

func deliver(a values) {
	sm := pdu.NewDeliverSM().(*pdu.DeliverSM)
	sm.SourceAddr, sm.DestAddr = address(a["from"], 1, 1), address(a["to"], 0, 0)
	sm.EsmClass = byte(number(a["esm_class"]))
	fill(a, sm, &sm.Message)
	if id, ok := a["receipted"]; ok {
		sm.RegisterOptionalParam(pdu.Field{Tag: pdu.TagReceiptedMessageID, Data: append([]byte(id), 0)})
		sm.RegisterOptionalParam(pdu.Field{Tag: pdu.TagMessageStateOption, Data: []byte{byte(number(a["state"]))}})
	}
	ask(a, sm)
}

func alert(a values) {
	notification := pdu.NewAlertNotification().(*pdu.AlertNotification)
	notification.SourceAddr, notification.EsmeAddr = address(a["from"], 1, 1), address(a["to"], 0, 0)
	lock.Lock()
	connection := sessions[a["mode"]]
	lock.Unlock()
	write(connection, notification)
	answer(a["ref"], data.ESME_ROK)
}

// ask sends a carrier's request.
func ask(a values, request pdu.PDU) {
	expect(request, a["ref"])
	lock.Lock()
	connection := sessions[a["mode"]]
	lock.Unlock()
	write(connection, request)
}

func write(connection *gosmpp.Connection, p pdu.PDU) {
	if _, err := connection.WritePDU(p); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func unbind(a values) {
	if session != nil {
		// Sends unbind; by then the answer may have made gosmpp's reader close the connection.
		if err := session.Close(); !errors.Is(err, net.ErrClosed) {
			must(err)
		}
		answer(a["ref"], data.ESME_ROK)
		return
	}
	ask(a, pdu.NewUnbind())
}

func serve(a values) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+a["port"])
	must(err)
	if a["cert"] != "" {
		pair, err := tls.LoadX509KeyPair(a["cert"], a["cert"])
		must(err)
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}})
	}
	go func() {
		for {
			accepted, err := listener.Accept()
			must(err)
			go converse(gosmpp.NewConnection(accepted), a)
		}
	}()
	answer(a["ref"], data.ESME_ROK)
}

// converse is a carrier's end of one connection.
func converse(connection *gosmpp.Connection, a values) {
	asking := time.NewTicker(time.Duration(number(a["enquire"])) * time.Millisecond)
	defer asking.Stop()
	go func() {
		for range asking.C {
			write(connection, pdu.NewEnquireLink())
		}
	}()
	defer say("closed")
	defer connection.Close()
	for {
		p, err := pdu.Parse(connection)
		if err != nil {
			return
		}
		switch p := p.(type) {
		case *pdu.BindRequest:
			greet(connection, p, a)
		case *pdu.SubmitSM:
			take(connection, p)
		case *pdu.QuerySM:
			response := p.GetResponse().(*pdu.QuerySMResp)
			response.MessageID, response.FinalDate, response.MessageState = p.MessageID, "260101000100000+", 2
			write(connection, response)
			say("query", pair("id", p.MessageID), pair("from", p.SourceAddr.Address()))
		case *pdu.SubmitMulti:
			takeMulti(connection, p)
		case *pdu.CancelSM:
			write(connection, p.GetResponse())
			say("cancel", pair("id", p.MessageID), pair("from", p.SourceAddr.Address()), pair("to", p.DestAddr.Address()))
		case *pdu.ReplaceSM:
			write(connection, p.GetResponse())
			octets, err := p.Message.GetMessageData()
			must(err)
			say("replace", pair("id", p.MessageID), pair("from", p.SourceAddr.Address()), pair("text", hex.EncodeToString(octets)))
		case *pdu.DeliverSMResp:
			responded(p)
		case *pdu.UnbindResp:
			responded(p)
			return
		case *pdu.Unbind:
			write(connection, p.GetResponse())
			return
		default:
			if p.CanResponse() {
				write(connection, p.GetResponse())
			}
		}
	}
}

func greet(connection *gosmpp.Connection, request *pdu.BindRequest, a values) {
	response := request.GetResponse().(*pdu.BindResp)
	response.SystemID = "gosmpp"
	if a["version"] != "" {
		response.RegisterOptionalParam(pdu.Field{Tag: interfaceVersion, Data: []byte{byte(number(a["version"]))}})
	}
	if request.Password != a["password"] {
		response.CommandStatus = data.ESME_RINVPASWD
	}
	mode := map[pdu.BindingType]string{
		pdu.Transmitter: "transmitter", pdu.Receiver: "receiver", pdu.Transceiver: "transceiver",
	}[request.BindingType]
	lock.Lock()
	sessions[mode] = connection
	lock.Unlock()
	write(connection, response)
	say("bind", pair("mode", mode), pair("system_id", request.SystemID))
}

func take(connection *gosmpp.Connection, sm *pdu.SubmitSM) {
	lock.Lock()
	ids++
	id := fmt.Sprintf("g%d", ids)
	lock.Unlock()
	response := sm.GetResponse().(*pdu.SubmitSMResp)
	response.MessageID = id
	write(connection, response)
	described("submit", sm.SourceAddr, sm.DestAddr, sm.EsmClass, sm.Message, pair("id", id), pair("receipt", sm.RegisteredDelivery))
}

func takeMulti(connection *gosmpp.Connection, sm *pdu.SubmitMulti) {
	lock.Lock()
	ids++
	id := fmt.Sprintf("g%d", ids)
	lock.Unlock()
	response := sm.GetResponse().(*pdu.SubmitMultiResp)
	response.MessageID = id
	var to []string
	for _, dest := range sm.DestAddrs.Get() {
		one := dest.Address()
		to = append(to, one.Address())
		if strings.HasSuffix(one.Address(), "9") {
			refused, err := pdu.NewUnsuccessSMEWithAddr(one.Address(), data.ESME_RINVDSTADR)
			must(err)
			response.UnsuccessSMEs.Add(refused)
		}
	}
	write(connection, response)
	text, err := sm.Message.GetMessage()
	must(err)
	say("multi", pair("id", id), pair("from", sm.SourceAddr.Address()), pair("to", strings.Join(to, ",")), pair("text", hex.EncodeToString([]byte(text))))
}

func main() {
	verbs := map[string]func(values){
		"bind": bind, "submit": submit, "multi": multi, "data": dataSM, "query": query, "cancel": cancel, "replace": replace,
		"serve": serve, "deliver": deliver, "alert": alert, "unbind": unbind,
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		a := values{}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			a[key] = value
		}
		verbs[words[0]](a)
	}
}
