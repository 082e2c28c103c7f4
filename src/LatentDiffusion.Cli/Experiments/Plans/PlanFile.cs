using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Cli.Experiments.Plans;

/// <summary>Finds the plans of experiments: <c>experiments/NAME/SCALE.yaml</c>.</summary>
/// <param name="Path">The file.</param>
/// <param name="Root">The folder that has experiments, configs, data and models: a checkout of the repository.</param>
internal sealed record PlanFile(string Path, string Root)
{
    /// <summary>The scales, from small to large.</summary>
    public static IReadOnlyList<string> Scales { get; } = ["smoke", "laptop", "paper"];

    /// <summary>Finds a plan, in the current folder or above the program.</summary>
    /// <exception cref="UserInputException">There is none.</exception>
    public static PlanFile Find(string experiment, string scale)
    {
        var relative = System.IO.Path.Combine("experiments", experiment, $"{scale}.yaml");
        for (var root = "."; root is not null; root = Above(root))
        {
            var path = System.IO.Path.Combine(root, relative);
            if (File.Exists(path))
            {
                return new PlanFile(path, root);
            }
        }

        throw new UserInputException(
            $"There is no plan {relative} here or above the program: run the experiment in a checkout of the repository."
        );
    }

    /// <summary>Reads the plan.</summary>
    /// <exception cref="ConfigException">It is wrong.</exception>
    public ExperimentPlan Read() => ConfigDocument.Load(Path).Bind<ExperimentPlan>();

    /// <summary>What {out} and {root} stand for in its commands.</summary>
    public Bindings Places(string folder) => new([("out", folder), ("root", Root)]);

    private static string? Above(string root) =>
        root == "." ? AppContext.BaseDirectory.TrimEnd('/', '\\') : System.IO.Path.GetDirectoryName(root);
}
