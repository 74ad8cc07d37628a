// Package wire is what the drivers that speak HTTP have in common: the transport, the bodies of requests and answers, and what
// is read out of headers and errors. What a service does in its own way stays in its driver.
package wire
