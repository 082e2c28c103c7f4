using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;

return await new Application(AllVerbs.Create(), Console.Error).RunAsync(args);
