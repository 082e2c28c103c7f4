using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;

return await new Application(
    [
        new DemoVerb(),
        new TrainVerb(),
        new SampleVerb(),
        new ReconstructVerb(),
        new VerbGroup("evaluate", "metric", "Measure how good a model is", [new EvaluateReconstructionVerb()]),
        new BenchVerb(),
        new DoctorVerb(),
    ],
    Console.Error
).RunAsync(args);
