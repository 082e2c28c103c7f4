using System.CommandLine;
using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Provenance;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>The files to draw after.</summary>
internal sealed class ConditionFiles
{
    private readonly ShownCondition _kind;
    private readonly IReadOnlyList<SourceFile> _files;
    private readonly double? _scale;

    private ConditionFiles(ShownCondition kind, IReadOnlyList<SourceFile> files, double? scale) =>
        (_kind, _files, _scale) = (kind, files, scale);

    /// <summary>A name for what is drawn after them.</summary>
    public string Name => Path.GetFileNameWithoutExtension(_files[0].Path);

    /// <summary>What pictures tell about them.</summary>
    public RecordedCondition Record => new(_kind.Verb, [.. _files.Select(file => file.Record)], _scale);

    /// <summary>Reads the files that the user names, or those that a picture tells of.</summary>
    /// <param name="options">Null for a verb that draws after no files, unless a picture was.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="picture">The picture that is drawn again, or null.</param>
    /// <returns>Null when there are no files to draw after.</returns>
    /// <exception cref="UserInputException">A file cannot be read, or is not the one that the picture tells of.</exception>
    public static ConditionFiles? Find(ConditionOptions? options, ParseResult arguments, PictureFile? picture)
    {
        var recorded = picture?.Record.Condition;
        var kind = options?.Kind ?? (recorded is null ? null : KindOf(recorded, picture!));
        if (kind is null)
        {
            return null;
        }

        if (recorded?.Verb != kind.Verb || recorded.Files.Count != kind.Roles.Count)
        {
            recorded = null;
        }

        var named = options?.Files(arguments);
        List<SourceFile> files = [];
        foreach (var (number, role) in kind.Roles.Index())
        {
            var (path, known) = (named?[number], recorded?.Files[number]);
            if (path is null && known is null)
            {
                throw new UserInputException(
                    $"{picture!.Path} was not drawn by 'ldm {kind.Verb}': name a file with {role.Option}."
                );
            }

            files.Add(SourceFile.Read(path, known, picture, $"{kind.Verb} --from {picture?.Path} {role.Option} FILE"));
        }

        return new ConditionFiles(kind, files, options?.Scale(arguments) ?? recorded?.Scale);
    }

    /// <summary>What the sampler has to draw.</summary>
    /// <exception cref="UserInputException">A file is wrong, or the model is of another kind.</exception>
    public ShownPlan Plan(SamplingRequest request, LatentDiffusionModel model, Output output) =>
        _kind.Plan(_files, _scale, request, model, output);

    private static ShownCondition KindOf(RecordedCondition recorded, PictureFile picture) =>
        ShownCondition.Find(recorded.Verb) is { } kind && kind.Roles.Count == recorded.Files.Count
            ? kind
            : throw new UserInputException(
                $"{picture.Path} was drawn by 'ldm {recorded.Verb}', which this version does not have: use the one that drew it."
            );
}
