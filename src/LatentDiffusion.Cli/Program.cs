using LatentDiffusion.Cli;
using LatentDiffusion.Cli.Commands;

return await new Application(
    [
        new DemoVerb(),
        new TrainVerb(),
        new SampleVerb(),
        new ReconstructVerb(),
        new VerbGroup(
            "data",
            "Prepare data sets",
            new VerbGroup("prepare", "Make a data set from local sources", new PreparePhotosVerb())
        ),
        new BenchVerb(),
        new DoctorVerb(),
    ],
    Console.Error
).RunAsync(args);
