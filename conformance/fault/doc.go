// Package fault makes a [storage.Store] fail on command: the [Store] here stands in front of any
// other one and lets each call through, or lets happen to it what a script says. It is for the
// tests of what is built upon stores, and needs no network.
//
//	s := fault.New(inner)
//	s.Next("Put", fault.Lost())                 // the next Put is carried out, and its answer gets lost
//	s.Next("Get", fault.Cut(100), fault.Cut(0)) // the next two bodies break
//	s.Add(fault.Rule{Op: "PutPart", Skip: 2, Times: fault.Always, Fault: fault.Throttle(time.Second)})
//	b := storage.New(s, nil)
//
// # The faults
//
//	None          the call goes through
//	Unsent        the request never left: ErrUnavailable, not in doubt
//	Throttle      the service asks for fewer requests: ErrThrottled with RetryAfter, not in doubt
//	Refuse        the service answers with an error of the caller's choice; the Store is not asked
//	Doubt         the request was sent and came to nothing, which nobody can know: ErrUnavailable, in doubt
//	Lost          the request was carried out and its answer got lost: ErrUnavailable, in doubt
//	Hang          nothing happens until the context ends
//	HangSending   some bytes of the body are taken, then nothing happens until the context ends
//	HangWaiting   the request is carried out, then nothing happens until the context ends: in doubt
//	Delay         the request takes longer
//	Cut           the body of a Get breaks after some bytes: ErrUnavailable
//	Short         the body of a Get ends after some bytes as if that were all: io.EOF
//	Stall         the body of a Get gives some bytes, then nothing until the context ends
//	Flip          one byte in the body of a Get is wrong
//
// Fault.Before and Fault.After add what else happens around the call, such as another program's
// write.
//
// Nothing here is random: equal scripts and equal calls give equal faults. With concurrent calls it
// is their order of arrival that counts; Rule.Key tells them apart.
package fault
