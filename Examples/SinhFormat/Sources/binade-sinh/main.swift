import BinadeCommands

BinadeCommand.main(providers: [SinhFormats.self])
