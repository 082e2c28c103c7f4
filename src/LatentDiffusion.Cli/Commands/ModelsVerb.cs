using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using static System.FormattableString;

namespace LatentDiffusion.Cli.Commands;

/// <summary><c>ldm models</c>: the models that are installed; its verbs handle single ones.</summary>
internal sealed class ModelsVerb : Verb
{
    public ModelsVerb(IReadOnlyList<Verb> verbs)
        : base("models", "List the models that are installed, or handle one", "ldm models")
    {
        foreach (var verb in verbs)
        {
            Subcommands.Add(verb);
        }
    }

    public override Task<int> RunAsync(VerbContext context, CancellationToken cancellation)
    {
        context.OpenCpu();
        var models = ShippedModels.All().Select(model => Describe(model.Key, model.Value)).ToList();
        context.Output.Result(
            new { Models = models },
            r =>
                r.Models.Count == 0
                    ? "No models are installed: there is no folder 'models' here or beside the program."
                    : string.Join(
                        '\n',
                        r.Models.Select(m => Invariant($"{m.Name}  {m.Kind}  {m.Bytes / 1e6:f1} MB  {m.Path}"))
                    )
        );
        return Task.FromResult(ExitCode.Done);
    }

    private static InstalledModel Describe(string name, string folder)
    {
        var bytes = Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Sum(file => new FileInfo(file).Length);
        return new InstalledModel(name, KindOf(folder), bytes, Path.GetFullPath(folder));
    }

    private static string KindOf(string folder)
    {
        try
        {
            using var source = ModelSource.Open(folder);
            return source.Config switch
            {
                AutoencoderModelConfig => "autoencoder",
                LatentDiffusionModelConfig => "latent diffusion",
                NoisyClassifierModelConfig => "noisy classifier",
                ClassifierModelConfig => "feature network",
                _ => "other",
            };
        }
        catch (UserInputException e)
        {
            return $"not usable ({e.Message})";
        }
    }

    private sealed record InstalledModel(string Name, string Kind, long Bytes, string Path);
}
