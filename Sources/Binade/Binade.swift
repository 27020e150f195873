@_exported import BinadeEvaluation
@_exported import BinadeFormats
@_exported import BinadeKernels
@_exported import BinadeNetworks
@_exported import BinadeNumerics
@_exported import BinadeQuantization
@_exported import BinadeTensor
