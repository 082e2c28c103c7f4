using System.CommandLine;

namespace LatentDiffusion.Cli.Commands;

/// <summary>The verbs of the program, in the order of its help.</summary>
internal static class AllVerbs
{
    /// <summary>What <see cref="Application"/> is put together from.</summary>
    public static IReadOnlyList<Command> Create() =>
        [
            new DemoVerb(),
            new TrainVerb(),
            new SampleVerb(),
            new TextToImageVerb(),
            new ImageToImageVerb(),
            new SuperResolveVerb(),
            new InpaintVerb(),
            new LayoutVerb(),
            new SemanticVerb(),
            new InfoVerb(),
            new ReconstructVerb(),
            new VerbGroup(
                "evaluate",
                "metric",
                "Measure how good a model is",
                [
                    new EvaluateReconstructionVerb(),
                    new EvaluateFirstStagesVerb(),
                    new EvaluateSamplesVerb(),
                    new EvaluateCaptionsVerb(),
                    new EvaluateConditionsVerb(),
                    new EvaluateLikelihoodVerb(),
                    new EvaluateLatentsVerb(),
                ]
            ),
            new VerbGroup(
                "experiment",
                "experiment",
                "Repeat the paper's experiments at a chosen scale",
                ExperimentVerb.All
            ),
            new StudyVerb(),
            new VerbGroup(
                "data",
                "task",
                "Prepare data sets",
                [
                    new VerbGroup(
                        "prepare",
                        "kind of data",
                        "Make a data set from local sources",
                        [new PreparePhotosVerb(), new PrepareDeepSkyVerb()]
                    ),
                    new ComposeVerb(),
                    new CheckDataVerb(),
                ]
            ),
            new VerbGroup("tokenizer", "task", "Make vocabularies for models with text", [new TrainTokenizerVerb()]),
            new ConvertVerb(),
            new InspectVerb(),
            new ModelsVerb([new ExportModelVerb(), new RandomModelVerb()]),
            new BenchVerb(),
            new DoctorVerb(),
        ];
}
