// Package fault makes storage fail on command. Its [Store] wraps any [storage.Store] and either
// forwards a call or applies the fault that a [Script] specifies. It is meant for testing code that
// is built on stores, and needs no network. [Transport] and [Proxy] do the same to requests of
// HTTP, of any client and any service, for testing drivers and programs as a whole.
//
//	s := fault.New(inner)
//	s.Next("Put", fault.Lost())                 // the next Put succeeds, its answer is lost
//	s.Next("Get", fault.Cut(100), fault.Cut(0)) // the next two bodies break
//	s.Add(fault.Rule{
//		Op: "PutPart", Skip: 2, Times: fault.Always, Fault: fault.Throttle(time.Second),
//	})
//	b := storage.New(s, nil)
//
// # The faults
//
//	None          the call goes through
//	Unsent        the request never left: ErrUnavailable, not in doubt
//	Throttle      the service asks for fewer requests: ErrThrottled with RetryAfter, not in doubt
//	Refuse        the service answers with an error of the caller's choice; the Store is not asked
//	Doubt         the request is not carried out, but the caller cannot know: ErrUnavailable,
//	              in doubt
//	Lost          the request is carried out and its answer is lost: ErrUnavailable, in doubt
//	Twice         the request is carried out twice, and the second answer is returned
//	Hang          nothing happens until the context ends
//	HangSending   some bytes of the body are taken, then nothing happens until the context ends
//	HangWaiting   the request is carried out, then nothing happens until the context ends:
//	              in doubt
//	Late          the request is delivered when the client has given it up: in doubt
//	LateBy        the same, some time behind that
//	Delay         the request takes longer
//	Cut           the body of a Get breaks after some bytes: ErrUnavailable
//	Short         the body of a Get ends after some bytes as if that were all: io.EOF
//	Stall         the body of a Get gives some bytes, then nothing until the context ends
//	Flip          one byte in the body of a Get is wrong
//
//	Drip          the body of a Get comes byte by byte
//	At            something happens in the middle of the body of a Get
//
// [Fault.Before] and [Fault.After] add other events around the call, such as a write by another
// program.
//
// These are of HTTP alone:
//
//	NoHost        the name of the host is not known
//	Status        a refusal in the dialect of the service; Skewed and Expired are two of them
//	Answer        any answer; Page is a proxy's page of HTML with 200
//	Failed200     200 with an error in the body
//	Carried       the request is carried out first: of Status and all others that answer
//	Reset         the body breaks with a reset of the connection
//	Long          the body has more bytes
//	Length        another Content-Length
//	Range         another range, with its Content-Range
//	Header        another header
//	FlipSent      one byte of the request's body is wrong
//
// # Rules
//
// A Rule matches by operation, key and turn: the first two calls, the third, all of them. With a
// Chance it acts on some of them, as the seed of the Script decides. [Service] names the operation
// of a request, as a method of [storage.FullStore].
//
// Faults are deterministic: the same script and the same calls give the same faults. Concurrent
// calls are matched in their order of arrival. Rule.Key tells them apart.
package fault
