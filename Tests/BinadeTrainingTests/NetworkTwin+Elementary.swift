import Foundation

// Foundation's, not the engine's own: the twin shares no code with what it checks.

func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }
