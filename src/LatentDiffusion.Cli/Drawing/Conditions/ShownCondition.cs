using LatentDiffusion.Cli.Terminal;
using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;
using LatentDiffusion.Models;
using LatentDiffusion.Pipelines;

namespace LatentDiffusion.Cli.Drawing.Conditions;

/// <summary>A file that a verb needs.</summary>
/// <param name="Option">The option that names it.</param>
/// <param name="Description">What it is.</param>
/// <param name="Missing">What to say when it is not named.</param>
internal sealed record FileRole(string Option, string Description, string Missing);

/// <summary>What is to be drawn after files.</summary>
/// <param name="Sampling">What the sampler has to draw.</param>
/// <param name="Picture">The files as one picture, for sheets.</param>
internal sealed record ShownPlan(SamplingPlan Sampling, RgbImage Picture);

/// <summary>A way of drawing after files: which files, and what becomes of them.</summary>
internal abstract class ShownCondition
{
    public static readonly ShownCondition Enlargement = new Enlargement();
    public static readonly ShownCondition HoleFilling = new HoleFilling();
    public static readonly ShownCondition Layout = new LayoutDrawing();
    public static readonly ShownCondition LabelMap = new MapDrawing();

    private static readonly ShownCondition[] All = [Enlargement, HoleFilling, Layout, LabelMap];

    /// <summary>The verb that draws so.</summary>
    public abstract string Verb { get; }

    /// <summary>The files, in the order of <see cref="Plan"/>.</summary>
    public abstract IReadOnlyList<FileRole> Roles { get; }

    /// <summary>Whether the files leave the size of the image open.</summary>
    public virtual bool LeavesSizeOpen => false;

    /// <summary>Whether the result can be made another number of times larger than the model makes it.</summary>
    public virtual bool TakesScale => false;

    /// <summary>The way that draws with a verb, or null.</summary>
    public static ShownCondition? Find(string verb) => Array.Find(All, shown => shown.Verb == verb);

    /// <summary>Refuses a model that was made for another verb.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">Its path.</param>
    /// <param name="chosen">The way of this verb, or null where it draws after no files.</param>
    /// <exception cref="UserInputException">Another verb is meant for the model.</exception>
    public static void Check(LatentDiffusionModel model, string path, ShownCondition? chosen)
    {
        var made = Array.Find(All, shown => shown.IsMadeFor(model));
        if (made is not null && made != chosen && chosen?.IsMadeFor(model) != true)
        {
            var files = string.Join(" ", made.Roles.Select(role => $"{role.Option} FILE"));
            throw new UserInputException($"{path} {made.Does}: use 'ldm {made.Verb} {path} {files}'.");
        }
    }

    /// <summary>Turns the files into what the sampler has to draw.</summary>
    /// <param name="files">One for each role.</param>
    /// <param name="scale">See <see cref="TakesScale"/>; null for the model's own.</param>
    /// <param name="request">The rest of what is to be drawn.</param>
    /// <param name="model">The model.</param>
    /// <param name="output">Told what is done to the files.</param>
    /// <exception cref="UserInputException">A file is wrong, or the model is of another kind.</exception>
    public abstract ShownPlan Plan(
        IReadOnlyList<SourceFile> files,
        double? scale,
        SamplingRequest request,
        LatentDiffusionModel model,
        Output output
    );

    /// <summary>What a model that is made for this does, in words.</summary>
    protected abstract string Does { get; }

    /// <summary>Whether a model was trained for this and can do nothing else.</summary>
    protected abstract bool IsMadeFor(LatentDiffusionModel model);

    /// <summary>Decodes a file.</summary>
    protected static RgbImage Decode(SourceFile file) => ImageDecoder.Decode(file.Bytes, file.Path);
}
