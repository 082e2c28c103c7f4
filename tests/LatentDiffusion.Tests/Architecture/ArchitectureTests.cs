using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using LatentDiffusion.Errors;
using Xunit;

namespace LatentDiffusion.Tests.Architecture;

/// <summary>The dependency picture of docs/architecture.md.</summary>
public sealed class ArchitectureTests
{
    private const string Root = "LatentDiffusion.";

    /// <summary>What each folder may use besides itself and <see cref="Everywhere"/>.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Tensors"] = [],
        ["Kernels"] = ["Tensors"],
        ["Text"] = [],
        ["Networks"] = ["Kernels", "Tensors", "Text"],
        ["Diffusion"] = ["Networks", "Kernels", "Data", "Imaging", "Tensors", "Text"],
        ["Samplers"] = ["Diffusion", "Tensors"],
        ["Imaging"] = [],
        ["Data"] = ["Imaging"],
        ["Models"] = ["Diffusion", "Networks", "Tensors", "Text"],
        ["Retrieval"] = ["Tensors"],
        ["Metrics"] = ["Networks", "Imaging", "Tensors"],
        ["Pipelines"] =
        [
            "Metrics",
            "Models",
            "Samplers",
            "Diffusion",
            "Networks",
            "Data",
            "Imaging",
            "Tensors",
            "Text",
        ],
        ["Training"] =
        [
            "Pipelines",
            "Metrics",
            "Models",
            "Samplers",
            "Diffusion",
            "Networks",
            "Kernels",
            "Data",
            "Imaging",
            "Tensors",
            "Text",
        ],
        ["Checkpoints"] = ["Tensors"],
        ["Configuration"] = [],
        ["Randomness"] = [],
        ["Progress"] = [],
        ["Errors"] = [],
    };

    private static readonly string[] Everywhere = ["Checkpoints", "Configuration", "Randomness", "Progress", "Errors"];

    private static readonly string[] Leaves = ["Configuration", "Randomness", "Progress", "Errors"];

    private static readonly ArchUnitNET.Domain.Architecture Library = new ArchLoader()
        .LoadAssemblies(typeof(UserInputException).Assembly)
        .Build();

    [Fact]
    public void Every_folder_uses_only_the_folders_below_it()
    {
        var violations = Edges()
            .Where(edge => !MayUse(edge.From, edge.To))
            .Select(edge => $"{edge.Example} makes {edge.From} depend on {edge.To}")
            .ToList();
        Assert.Empty(violations);
    }

    [Fact]
    public void Every_folder_has_a_rule()
    {
        var folders = Library.Types.Select(Folder).OfType<string>().Distinct();
        Assert.Empty(folders.Except(Allowed.Keys));
    }

    [Fact]
    public void The_rules_and_the_dependencies_themselves_have_no_cycle()
    {
        var edges = Edges().Select(e => (e.From, e.To)).Distinct().ToList();
        var left = Allowed.Keys.ToHashSet();
        while (left.Count > 0)
        {
            var free = left.Where(f => !edges.Exists(e => e.From == f && left.Contains(e.To))).ToList();
            Assert.True(free.Count > 0, $"a cycle among {string.Join(", ", left)}");
            left.ExceptWith(free);
        }
    }

    [Fact]
    public void Images_data_and_text_know_no_tensors()
    {
        var users = Library
            .Types.Where(type => Folder(type) is "Imaging" or "Data" or "Text")
            .Where(type =>
                type.Dependencies.Any(d => d.Target.FullName.StartsWith("TorchSharp.", StringComparison.Ordinal))
            )
            .Select(type => type.FullName);
        Assert.Empty(users);
    }

    [Fact]
    public void Nothing_in_the_library_writes_to_the_console()
    {
        var users = Library
            .Types.Where(type => type.Dependencies.Any(d => d.Target.FullName == "System.Console"))
            .Select(type => type.FullName);
        Assert.Empty(users);
    }

    private static bool MayUse(string from, string to) =>
        from == to
        || (Allowed.TryGetValue(from, out var below) && below.Contains(to))
        || (Everywhere.Contains(to) && !Leaves.Contains(from))
        || to == "Errors";

    private static IEnumerable<(string From, string To, string Example)> Edges() =>
        from type in Library.Types
        let source = Folder(type)
        where source is not null
        from dependency in type.Dependencies
        let target = Folder(dependency.Target)
        where target is not null && target != source
        select (source, target, type.FullName);

    // "LatentDiffusion.Networks.Unets.Unet" lies in the folder "Networks".
    private static string? Folder(IType type) =>
        type.FullName.StartsWith(Root, StringComparison.Ordinal) && type.FullName.Split('.') is [_, var folder, _, ..]
            ? folder
            : null;
}
