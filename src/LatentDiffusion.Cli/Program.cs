using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;

return await new Application(
    [new DemoVerb(), new TrainVerb(), new SampleVerb(), new ReconstructVerb(), new DoctorVerb()],
    Console.Error
).RunAsync(args);
