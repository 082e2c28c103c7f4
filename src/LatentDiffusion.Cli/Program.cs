using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;

return await new Application(
    [new DemoVerb(), new TrainVerb(), new SampleVerb(), new ReconstructVerb(), new BenchVerb(), new DoctorVerb()],
    Console.Error
).RunAsync(args);
