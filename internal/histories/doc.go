// Package histories records what concurrent callers of a Bucket do and see, and judges whether the
// history is linearizable: whether each key could have behaved as one value that changes in steps,
// each step at one instant between the call that made it and its return.
//
// A [Run] is seeded: which calls a client makes depends on its seed and on what it saw, so a seed
// gives back the calls and not their timing. The judge is porcupine.
//
//	h := histories.Run(ctx, bucket, histories.Config{Seed: 1, Clients: 8, Ops: 200})
//	err := h.Check(time.Minute)
//
// # What a history may contain
//
// A call whose outcome its caller does not know (ErrUnknownOutcome, or a process that was killed)
// may take effect at any later time, or never. A write that was sent again because an answer was
// lost may have happened twice, if it has no condition: a [Counter] below the faults counts how
// often a call really landed, and the judge makes every landing find its place.
//
// A request that its client gave up may arrive when the call has ended. It is then a write of its
// own, at the time at which it arrives: as the contract says, a Put without a condition can land
// over a newer one. A call that reported a failure without doubt must not arrive at all, with one
// exception below.
//
// Conditional writes rest on the assumptions that stand at [storage.PutOptions.IfAbsent]. A call
// that was refused although it had landed is an error, unless the history itself broke one of
// them: another call removed or replaced the object without a condition at the same time, or the
// call itself landed when it had ended. The same is true of an upload in parts that failed without
// doubt: its completion was delivered twice, and in between another call removed what it had
// created. Such calls are counted in [Report.Excused].
package histories
