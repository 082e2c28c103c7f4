using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace LatentDiffusion.Data.Preparation.DeepSky;

/// <summary>Finds out what a picture of the sky shows.</summary>
/// <param name="catalog">What is where.</param>
internal sealed partial class DeepSkyClassifier(DeepSkyCatalog catalog)
{
    /// <summary>The classes.</summary>
    public static readonly IReadOnlyList<string> Classes =
    [
        "galaxy",
        "globular-cluster",
        "nebula",
        "open-cluster",
        "planetary-nebula",
    ];

    // An object further from the middle than this share of the way to a corner is not what the picture is of.
    private const float FarthestFromMiddle = 0.25f;

    // Wider pictures, those with a corner about a degree from the middle, are parts of mosaics: at their middle is anything.
    private const float WidestRadius = 0.0175f;

    /// <summary>The object that a picture shows: the one its file is named after, or else the only one in its middle.</summary>
    /// <returns>Null if there is none.</returns>
    public DeepSkyObject? Find(DeepSkyPicture picture)
    {
        var named = Named(picture.File).MinBy(o => Vector3.DistanceSquared(o.Direction, picture.Middle));
        if (named is not null || picture.Radius > WidestRadius)
        {
            return named;
        }

        return catalog.OnlyOneNear(picture.Middle, FarthestFromMiddle * picture.Radius);
    }

    /// <summary>The class of a kind of objects.</summary>
    /// <param name="type">Stellarium's number.</param>
    /// <returns>Null for dark nebulae, single stars, quasars, clusters of galaxies and what is unknown.</returns>
    public static string? ClassOf(uint type) =>
        type switch
        {
            // Also active, radio and interacting ones.
            <= 3 => "galaxy",
            5 or 6 => "open-cluster",
            7 => "globular-cluster",
            // Of its own kind, reflection, bipolar, emission, with a cluster, H II, supernova remnant, interstellar matter.
            10 or (>= 13 and <= 19) => "nebula",
            // Also possible ones and those in the making.
            11 or 26 or 27 => "planetary-nebula",
            _ => null,
        };

    private IReadOnlyList<DeepSkyObject> Named(string file)
    {
        var name = Designation().Match(file);
        return
            name.Success && uint.TryParse(name.Groups["number"].ValueSpan, CultureInfo.InvariantCulture, out var number)
            ? catalog.Named(CatalogueOf(name.Groups["catalogue"].Value), number)
            : [];
    }

    private static string CatalogueOf(string prefix) =>
        prefix switch
        {
            "m" => "M",
            "n" => "NGC",
            "ic" => "IC",
            "p" => "PGC",
            "u" => "UGC",
            "sh2-" => "Sh2",
            "barnard" => "B",
            "rcw" => "RCW",
            "vdb" => "VdB",
            "lbn" => "LBN",
            _ => "LDN",
        };

    [GeneratedRegex("^(?<catalogue>m|n|ic|p|u|sh2-|barnard|rcw|vdb|lbn|ldn)(?<number>[0-9]+)")]
    private static partial Regex Designation();
}
