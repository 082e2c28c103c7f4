using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;

return await new Application([new DoctorVerb()], Console.Error).RunAsync(args);
