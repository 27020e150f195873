import BinadeCommands

BinadeCommand.main()
